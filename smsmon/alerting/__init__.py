"""The life of an alert in a running smsmon: seen, recorded, answered, told."""
