"""FastRTC's echo: a stream handler that gives back what it gets, as in its documentation, at the caller's own rate. `python fastrtc_echo.py`."""

import asyncio
import socket
import sys

import uvicorn
from fastapi import FastAPI
from fastrtc import AsyncStreamHandler, Stream

RATE = 48000


class Echo(AsyncStreamHandler):
    def __init__(self) -> None:
        super().__init__(input_sample_rate=RATE, output_sample_rate=RATE)
        self.queue: asyncio.Queue = asyncio.Queue()

    async def receive(self, frame) -> None:
        await self.queue.put(frame)

    async def emit(self):
        return await self.queue.get()

    def copy(self) -> "Echo":
        return Echo()

    async def start_up(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass


app = FastAPI()
# No public STUN server, and as many calls as there are callers. (The default is one.)
stream = Stream(Echo(), modality="audio", mode="send-receive", concurrency_limit=100, server_rtc_configuration={"iceServers": []}, verbose=False)
stream.mount(app)


@app.get("/healthz")
async def healthz() -> dict:
    return {"tasks": len(asyncio.all_tasks())}


async def main() -> None:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    await server.serve(sockets=[listening])


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
