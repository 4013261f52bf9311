"""A peer of the lab sheet in Python, small on purpose: whatever we change in Rust, it must
still be able to talk with ours. It reads one buffer per message, waits without a timeout, and
knows no command and no extension.

It takes its address from P2P_HOST and P2P_BASE_PORT, so that tests can put it next to ours.
"""

import os
import socket
import sys
import threading

HOST = os.environ.get("P2P_HOST", "127.0.0.1")
BASE_PORT = int(os.environ.get("P2P_BASE_PORT", "9000"))
BUFFER_SIZE = 1024

me = int(sys.argv[1])


def show(line):
    print(f"[PEER {me}] {line}", flush=True)


def open_socket():
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Not in the sheet: without it a test that follows another one has to wait for its port.
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((HOST, BASE_PORT + me))
    server.listen(5)
    show(f"Listening on {BASE_PORT + me}")
    return server


def listen(server):
    while True:
        caller, address = server.accept()
        with caller:
            show(f"From {address}: {caller.recv(BUFFER_SIZE).decode()}")


def send_message(peer, message):
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as call:
            call.connect((HOST, BASE_PORT + peer))
            call.sendall(message.encode())
        show(f"Sent to peer {peer}: {message}")
    except ConnectionRefusedError:
        show(f"ERROR: Peer {peer} is not online")
    except OSError as error:
        show(f"ERROR: {error}")


def main():
    threading.Thread(target=listen, args=(open_socket(),), daemon=True).start()
    while True:
        try:
            peer = int(input("Send to peer ID: "))
            send_message(peer, input("Message: "))
        except ValueError:
            print("[PEER] Invalid input. Enter peer ID as integer.", flush=True)
        except (EOFError, KeyboardInterrupt):
            print(f"\n[PEER {me}] Shutting down", flush=True)
            break


if __name__ == "__main__":
    main()
