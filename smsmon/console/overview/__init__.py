"""The overview: plots of deliveries, delays, countries, STOPs and requests."""
