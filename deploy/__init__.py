"""Deployment to Amazon Managed Flink: the package, the template of all resources, and the AWS calls for both."""
