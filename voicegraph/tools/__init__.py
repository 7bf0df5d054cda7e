"""What an agent may do besides talking: Python functions, HTTP services and MCP servers, as one list for its model."""
