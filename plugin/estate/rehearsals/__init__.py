"""What is rehearsed when the estate is made, so that there are records of it: restore, failover, switch of colours."""
