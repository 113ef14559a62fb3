"""The decision where a CI service shows it: GitHub's annotations and step summary, GitLab's code quality and links."""
