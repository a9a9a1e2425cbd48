"""Home Assistant's MQTT discovery: what a bed announces, and the connection that announces it."""
