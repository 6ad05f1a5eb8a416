"""Which orders and appointments count, the same way the running totals of a customer do."""

from engine.customers.models import Appointment, Order
from engine.customers.orders import NOT_COUNTED

COUNTED_ORDERS = Order.status.not_in(NOT_COUNTED)
COUNTED_VISITS = Appointment.status == "completed"
