//! As much HTTP as a stranger needs: the head of a batch of calls, and its reply.

use std::io::{self, BufRead};

/// The reply of a program.
#[derive(Debug)]
pub struct Reply {
    /// The status code, such as 200.
    pub status: u16,
    /// The status line and the headers, up to the empty line.
    pub head: String,
    /// As many bytes as the head says.
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads the next reply.
    ///
    /// ```
    /// let bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more";
    /// let reply = grader::http::Reply::read(&mut bytes.as_bytes()).unwrap();
    /// assert_eq!((reply.status, reply.text().as_str()), (200, "hi"));
    /// ```
    pub fn read(incoming: &mut impl BufRead) -> io::Result<Self> {
        let (head, body) = read_message(incoming)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no HTTP: {head:?}")))?;
        Ok(Self { status, head, body })
    }

    /// The body.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// Reads a head, and a body as long as the head says.
pub fn read_message(incoming: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if incoming.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = field(&head, "content-length").map_or(Ok(0), str::parse);
    let length = length.map_err(|_| io::Error::other(format!("no length: {head:?}")))?;
    let mut body = vec![0; length];
    incoming.read_exact(&mut body)?;
    Ok((head, body))
}

/// The head of a batch of calls to a program on `port`, as it should be.
pub fn batch_head(port: u16, length: usize) -> String {
    format!(
        "POST /rpc/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
    )
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
