// Free text, and addresses.

export function TextControl({ id, field, value, disabled, describedBy, wrong, onChange, type = "text", placeholder }) {
  const long = field.shape.maxLength > 300 && type === "text";
  const Input = long ? "textarea" : "input";
  return (
    <Input
      id={id}
      className="s-control jc-control"
      type={long ? undefined : type}
      rows={long ? 3 : undefined}
      value={value ?? ""}
      placeholder={placeholder}
      maxLength={field.shape.maxLength}
      disabled={disabled}
      aria-describedby={describedBy}
      aria-invalid={wrong}
      spellCheck={type === "text"}
      onChange={(event) => onChange(event.target.value === "" && (field.required || field.shape.nullable) ? undefined : event.target.value)}
    />
  );
}

export function UrlControl(props) {
  return <TextControl {...props} type="url" placeholder="https://" />;
}
