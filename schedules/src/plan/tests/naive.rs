//! The planner against a second model, written for nothing but to be obvious.
