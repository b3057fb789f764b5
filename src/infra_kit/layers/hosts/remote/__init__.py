"""What runs on the hosts themselves beside Ansible: small programs, sent over standard input, and who sends them."""
