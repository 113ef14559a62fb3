"""The verb `restore-test`: restores the newest backup where nobody else is, and writes down what came back."""
