"""Pipecat with its own Mistral services and SmallWebRTC transport, many calls in one process. `python pipecat_bot.py MISTRAL_URL [--tuned]`.

The pipeline is that of its quickstart. Without --tuned every setting is Pipecat's default, but for what a server of many calls needs anyway: no
public STUN server, and a log of errors only (LOGURU_LEVEL). Its text-to-speech service takes no other URL, so its client is replaced.
"""

import asyncio
import contextlib
import socket
import sys

import uvicorn
from fastapi import BackgroundTasks, FastAPI
from mistralai.client import Mistral
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.services.mistral.llm import MistralLLMService
from pipecat.services.mistral.stt import MistralSTTService
from pipecat.services.mistral.tts import MistralTTSService
from pipecat.transports.base_transport import TransportParams
from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection
from pipecat.transports.smallwebrtc.request_handler import SmallWebRTCRequest, SmallWebRTCRequestHandler
from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

MISTRAL, TUNED = sys.argv[1], "--tuned" in sys.argv
KEY = "none-needed"
INSTRUCTIONS = "You are a friendly voice on the phone."

handler = SmallWebRTCRequestHandler(ice_servers=[])
app = FastAPI()


def transport_params() -> TransportParams:
    if not TUNED:
        return TransportParams(audio_in_enabled=True, audio_out_enabled=True)
    # 20 ms instead of 40 at a time to the track: less that an interruption cannot take back
    return TransportParams(audio_in_enabled=True, audio_out_enabled=True, audio_out_10ms_chunks=2)


def user_params() -> LLMUserAggregatorParams:
    if not TUNED:
        return LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    # Half of the speech before it counts as started, and no volume gate; the turn ends after 450 ms of silence, as ours does, without a turn model.
    vad = SileroVADAnalyzer(params=VADParams(start_secs=0.1, stop_secs=0.2, min_volume=0.0))
    stop = SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.25)
    return LLMUserAggregatorParams(vad_analyzer=vad, user_turn_strategies=UserTurnStrategies(stop=[stop]))


def speech_to_text() -> MistralSTTService:
    if not TUNED:
        return MistralSTTService(api_key=KEY, base_url=MISTRAL)
    # The final words come 100 ms after the flush here. The default waits for them until 1.89 s after the speech, whenever they come.
    return MistralSTTService(api_key=KEY, base_url=MISTRAL, target_streaming_delay_ms=240, ttfs_p99_latency=0.35)


def text_to_speech() -> MistralTTSService:
    tts = MistralTTSService(api_key=KEY, settings=MistralTTSService.Settings(voice="gb_jane_neutral"))
    tts._client = Mistral(api_key=KEY, server_url=MISTRAL)
    return tts


async def run_bot(connection: SmallWebRTCConnection) -> None:
    transport = SmallWebRTCTransport(webrtc_connection=connection, params=transport_params())
    aggregators = LLMContextAggregatorPair(LLMContext(), user_params=user_params())
    llm = MistralLLMService(api_key=KEY, base_url=f"{MISTRAL}/v1", settings=MistralLLMService.Settings(system_instruction=INSTRUCTIONS))
    pipeline = Pipeline([transport.input(), speech_to_text(), aggregators.user(), llm, text_to_speech(), transport.output(), aggregators.assistant()])
    worker = PipelineWorker(pipeline, params=PipelineParams(enable_metrics=not TUNED, enable_usage_metrics=not TUNED))

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(*_: object) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


@app.post("/api/offer")
async def offer(request: SmallWebRTCRequest, background: BackgroundTasks) -> dict:
    async def start(connection: SmallWebRTCConnection) -> None:
        background.add_task(run_bot, connection)

    return await handler.handle_web_request(request, start)


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
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
