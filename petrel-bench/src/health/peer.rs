//! Which process of this machine listens at an endpoint, to see what it uses of the processor.

use petrel::Endpoint;

/// The process that listens at an endpoint of this machine. Nothing if there is none, if several do (so
/// that no single one tells the whole), if this user may not see it, or elsewhere than on Linux.
#[cfg(target_os = "linux")]
pub fn listening_process(endpoint: &Endpoint) -> Option<u32> {
    proc::holder_of(proc::listening_socket(endpoint)?)
}

/// The process that listens at an endpoint. Only Linux tells it.
#[cfg(not(target_os = "linux"))]
pub fn listening_process(_: &Endpoint) -> Option<u32> {
    None
}

#[cfg(target_os = "linux")]
mod proc {
    use petrel::Endpoint;
    use std::{
        fs,
        net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    };

    /// Inode of the socket that listens at an endpoint of this machine.
    pub(super) fn listening_socket(endpoint: &Endpoint) -> Option<u64> {
        let table = |name| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
        let plain = endpoint.clone().with_tls(false).to_string();
        if let Some(path) = plain.strip_prefix("unix:") {
            return unix_socket(&table("unix"), path);
        }
        let addresses = plain.to_socket_addrs().ok()?;
        let (tcp, tcp6) = (table("tcp"), table("tcp6"));
        addresses
            .filter(|address| address.ip().to_canonical().is_loopback())
            .find_map(|address| tcp_socket(&tcp, &tcp6, address))
    }

    /// The process with a file that is this socket.
    pub(super) fn holder_of(inode: u64) -> Option<u32> {
        let name = format!("socket:[{inode}]");
        let mut holders = fs::read_dir("/proc").ok()?.filter_map(|entry| {
            let process: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let files = fs::read_dir(format!("/proc/{process}/fd")).ok()?;
            let mut links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
            links
                .any(|link| link.as_os_str() == name.as_str())
                .then_some(process)
        });
        let first = holders.next()?;
        holders.next().is_none().then_some(first)
    }

    /// Inode of the socket that gets what is sent to `address`: one that listens just there, or else at
    /// every address; a socket for every IPv6 address may serve IPv4, too.
    pub(super) fn tcp_socket(tcp: &str, tcp6: &str, address: SocketAddr) -> Option<u64> {
        let at = |ip: IpAddr| SocketAddr::new(ip, address.port());
        let any4 = at(Ipv4Addr::UNSPECIFIED.into());
        let any6 = at(Ipv6Addr::UNSPECIFIED.into());
        match address.ip() {
            IpAddr::V4(ip) => listening_in(tcp, at(ip.into()))
                .or_else(|| listening_in(tcp6, at(ip.to_ipv6_mapped().into())))
                .or_else(|| listening_in(tcp, any4)),
            IpAddr::V6(ip) => listening_in(tcp6, at(ip.into())),
        }
        .or_else(|| listening_in(tcp6, any6))
    }

    /// Inode of the socket that listens at exactly this address, in a table as `/proc/net/tcp`.
    fn listening_in(table: &str, address: SocketAddr) -> Option<u64> {
        const LISTENING: &str = "0A";
        table.lines().skip(1).find_map(|line| {
            let mut fields = line.split_ascii_whitespace().skip(1);
            let local = fields.next()?;
            let state = fields.nth(1)?;
            let inode = fields.nth(5)?.parse().ok()?;
            (state == LISTENING && parse_address(local) == Some(address)).then_some(inode)
        })
    }

    /// `0100007F:EC9E`: words of 32 bits in the machine's order, each of which holds four bytes in that
    /// of the network, and the port as a number.
    fn parse_address(text: &str) -> Option<SocketAddr> {
        let (ip, port) = text.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let word = |at: usize| {
            let word = u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()?;
            Some(word.to_ne_bytes())
        };
        let ip: IpAddr = match ip.len() {
            8 => Ipv4Addr::from(word(0)?).into(),
            32 => {
                let words = [word(0)?, word(8)?, word(16)?, word(24)?];
                let bytes: [u8; 16] = words.concat().try_into().ok()?;
                Ipv6Addr::from(bytes).into()
            }
            _ => return None,
        };
        Some(SocketAddr::new(ip, port))
    }

    /// Inode of the socket that listens at a path, in a table as `/proc/net/unix`.
    pub(super) fn unix_socket(table: &str, path: &str) -> Option<u64> {
        /// Of the flags: it accepts connections.
        const ACCEPTS: u32 = 0x0001_0000;
        table.lines().skip(1).find_map(|line| {
            // The path may hold spaces: it is what is left behind the seventh field.
            let mut rest = line;
            let mut fields = [""; 7];
            for field in &mut fields {
                let trimmed = rest.trim_start();
                let end = trimmed.find(' ').unwrap_or(trimmed.len());
                (*field, rest) = trimmed.split_at(end);
            }
            let flags = u32::from_str_radix(fields[3], 16).ok()?;
            let inode = fields[6].parse().ok()?;
            (flags & ACCEPTS != 0 && rest.strip_prefix(' ') == Some(path)).then_some(inode)
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::{
        listening_process,
        proc::{tcp_socket, unix_socket},
    };
    use petrel::Endpoint;
    use std::{net::TcpListener, os::unix::net::UnixListener, process};

    /// A line of the table of TCP sockets.
    fn line(local: &str, state: &str, inode: u64) -> String {
        format!(
            "   0: {local} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000  1000  0 \
             {inode} 1 0000000000000000 100 0 0 10 0\n"
        )
    }

    fn word(bytes: [u8; 4]) -> String {
        format!("{:08X}", u32::from_ne_bytes(bytes))
    }

    #[test]
    fn the_listening_socket_is_told_from_its_connections() {
        let local = format!("{}:EC9E", word([127, 0, 0, 1]));
        let other = format!("{}:EC9E", word([127, 0, 0, 2]));
        let header = "  sl  local_address rem_address   st ...\n";
        let table = [
            header,
            &line(&local, "01", 1),
            &line(&local, "06", 0),
            &line(&other, "0A", 2),
            &line(&local, "0A", 3),
        ]
        .concat();
        let find = |address: &str| tcp_socket(&table, header, address.parse().unwrap());
        assert_eq!(find("127.0.0.1:60574"), Some(3));
        assert_eq!(find("127.0.0.2:60574"), Some(2));
        assert_eq!(find("127.0.0.1:60575"), None);
        assert_eq!(find("[::1]:60574"), None);
        assert_eq!(tcp_socket("", "", "127.0.0.1:1".parse().unwrap()), None);
    }

    #[test]
    fn a_server_at_every_address_is_found_at_each() {
        let any4 = format!("header\n{}", line("00000000:0050", "0A", 4));
        let any6 = format!("header\n{}", line(&format!("{:032}:0050", 0), "0A", 6));
        let one6 = [[0; 4], [0; 4], [0; 4], [0, 0, 0, 1]].map(word).concat();
        let one6 = format!("{any6}{}", line(&format!("{one6}:0050"), "0A", 1));
        for (tcp, tcp6, address, inode) in [
            (&any4, &any6, "127.0.0.1:80", Some(4)),
            (&any4, &any6, "[::1]:80", Some(6)),
            (&any4, &one6, "[::1]:80", Some(1)),
            (&String::new(), &any6, "127.0.0.1:80", Some(6)),
            (&any4, &String::new(), "[::1]:80", None),
        ] {
            assert_eq!(
                tcp_socket(tcp, tcp6, address.parse().unwrap()),
                inode,
                "{address}"
            );
        }
    }

    #[test]
    fn a_unix_socket_is_found_by_its_whole_path() {
        let table = "Num       RefCount Protocol Flags    Type St Inode Path\n\
            00000000a4afc3cd: 00000003 00000000 00000000 0001 03 386788\n\
            00000000a4afc3ce: 00000003 00000000 00000000 0001 03    11 /run/app.sock\n\
            00000000a4afc3cf: 00000002 00000000 00010000 0001 01    12 /run/app.sock\n\
            00000000a4afc3d0: 00000002 00000000 00010000 0001 01    13 /run/my app.sock\n";
        assert_eq!(unix_socket(table, "/run/app.sock"), Some(12));
        assert_eq!(unix_socket(table, "/run/my app.sock"), Some(13));
        assert_eq!(unix_socket(table, "app.sock"), None);
        assert_eq!(unix_socket(table, ""), None);
    }

    /// Whether this process is found. Should another test start a program just now, the child holds
    /// all our sockets until it is another program, and two processes listen.
    fn finds_itself(endpoint: &Endpoint) -> bool {
        (0..100).any(|_| listening_process(endpoint) == Some(process::id()))
    }

    #[test]
    fn this_process_is_found_where_it_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::from(listener.local_addr().unwrap());
        assert!(finds_itself(&endpoint));
        assert!(finds_itself(&endpoint.with_tls(true)));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a socket");
        let listener = UnixListener::bind(&path).unwrap();
        let endpoint: Endpoint = format!("unix:{}", path.display()).parse().unwrap();
        assert!(finds_itself(&endpoint));
        drop(listener);
        assert_eq!(listening_process(&endpoint), None);
    }
}
