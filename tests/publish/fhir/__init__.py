"""Export as FHIR."""
