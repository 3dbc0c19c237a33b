//! The program `petrel`, as its users meet it: arguments in; exit code, standard output and standard
//! error out.

mod certs;
mod exchange;
mod itself;
mod keygen;
mod limits;
mod process;
mod serve;
mod signals;
mod tls;
mod usage;
