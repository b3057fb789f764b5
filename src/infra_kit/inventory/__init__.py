"""The typed description of a site: models, hardware catalogue, loading with line marks, rules.

Imports nothing else of infra-kit; everything else imports this.
"""
