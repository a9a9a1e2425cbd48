"""The bed's own light and sound: for when the way to the nurse is silent, and always where there is no station."""
