//! The rules, tried with fake time and in every order.
