"""Export to hospital records as FHIR (docs/fhir.md): summaries of the score, reports of pain, and alarm episodes."""
