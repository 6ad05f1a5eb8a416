"""Which orders and appointments count, the same way the running totals of a customer do."""

from engine.customers.models import Appointment, Order

COUNTED_ORDERS = Order.status.not_in(("cancelled", "returned", "refunded"))
COUNTED_VISITS = Appointment.status == "completed"
