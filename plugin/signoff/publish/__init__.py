"""Tells the decision elsewhere: Confluence, Jira, Slack and any service of yours. It never changes the decision."""
