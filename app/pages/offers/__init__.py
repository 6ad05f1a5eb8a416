"""Coupons and gift cards: the lists, the form and one coupon's page."""
