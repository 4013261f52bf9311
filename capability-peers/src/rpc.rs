//! Cap'n Web: calls with answers, and capabilities as arguments. It knows no transport.
