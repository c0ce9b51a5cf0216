"""Components and whole stacks on Pulumi's mocks."""
