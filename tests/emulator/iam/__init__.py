"""IAM: every call of a function or a state machine is judged by its role, by an evaluator that is not ours, and refused
where AWS would refuse it."""
