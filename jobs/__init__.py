"""What is computed. One folder per job, holding SQL; the Python around it knows no connector and no place."""
