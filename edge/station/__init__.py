"""The nursing station's side: what is known of the beds, and how it is shown."""
