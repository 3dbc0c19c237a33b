//! From packets to exchanges: who talks Petrel with whom, and what they say.
