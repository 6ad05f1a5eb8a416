"""What people see and do in a real browser, on a running Safar."""
