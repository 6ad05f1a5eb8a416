"""What messages say: the list of templates and the editor of one."""
