"""A production-like estate on one Debian machine: real hosts with systemd, sshd and addresses of their own."""
