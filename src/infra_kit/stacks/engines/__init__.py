"""The engines: both carry out the same programs, behind the protocol of `engine`."""
