"""Drives a running Termlens with the public Python clients of the programs it is compatible with.

    python test/http/compat/python_clients.py BASE_URL IMAGE [--without-queue]

Needs gradio_client, webuiapi and replicate; a client that is not installed is an error, so that nothing is skipped
unseen. Prints a line for everything it checked and ends with status 1 at the first that does not hold.
`--without-queue` says that the endpoint has no shared state: then gradio's queue must refuse with a hint, and the
ways around it must work.
"""

import argparse
import json
import sys
import urllib.request
from importlib.metadata import version
from pathlib import Path


def check(what: str, holds: bool, seen: object = "") -> None:
    """Print what was checked, and end where it does not hold."""
    print(f"{'ok' if holds else 'FAILED'}  {what}{'' if holds else f': {seen!r}'}", flush=True)
    if not holds:
        sys.exit(1)


def is_prompt(value: object) -> bool:
    """Whether a value reads like a prompt."""
    return isinstance(value, str) and len(value) > 10


def drive_gradio(url: str, image: Path) -> None:
    """Call the Space's function through the queue."""
    from gradio_client import Client

    try:
        from gradio_client import handle_file
    except ImportError:  # before 1.0 it had another name
        from gradio_client import file as handle_file

    try:
        client = Client(url, verbose=False, analytics_enabled=False)
    except TypeError:  # older versions have no such setting
        client = Client(url, verbose=False)
    name = f"gradio_client {version('gradio_client')}"
    first = client.predict(handle_file(str(image)), "best", 4, api_name="/clipi2")
    check(f"{name}: predict gives the prompt", is_prompt(first), first)
    fast = client.predict(image=handle_file(str(image)), mode="fast", api_name="/clipi2")
    check(f"{name}: a second call on the session, by keyword", is_prompt(fast) and fast != first, fast)
    jobs = [client.submit(handle_file(str(image)), mode, 4, api_name="/clipi2") for mode in ("best", "classic", "fast")]
    results = [job.result(timeout=60) for job in jobs]
    check(f"{name}: three calls at once", results[0] == first and results[2] == fast, results)
    try:
        client.predict(handle_file(__file__), "fast", 4, api_name="/clipi2")
        check(f"{name}: a file that is no image fails", False)
    except ValueError as error:
        check(f"{name}: a file that is no image fails with a text", "not a picture" in str(error), str(error))


def drive_gradio_without_queue(url: str, image: Path) -> None:
    """Call it where there is no queue."""
    from gradio_client import Client, handle_file

    client = Client(url, verbose=False, analytics_enabled=False)
    name = f"gradio_client {version('gradio_client')}"
    try:
        client.predict(handle_file(str(image)), "fast", 4, api_name="/clipi2")
        check(f"{name}: refused without a queue", False)
    except ValueError as error:
        check(f"{name}: refused without a queue, with a hint", "has no queue" in str(error), str(error))


def drive_gradio_by_hand(url: str, image: Path) -> None:
    """The two requests that gradio's documentation shows for curl."""
    import base64

    picture = f"data:image/webp;base64,{base64.b64encode(image.read_bytes()).decode()}"
    body = json.dumps({"data": [{"path": picture}, "best", 4]}).encode()
    request = urllib.request.Request(f"{url}/gradio_api/call/clipi2", body, {"Content-Type": "application/json"})
    event = json.load(urllib.request.urlopen(request))["event_id"]
    stream = urllib.request.urlopen(f"{url}/gradio_api/call/clipi2/{event}").read().decode()
    check("call and stream: complete with the prompt", stream.startswith("event: complete\ndata: ["), stream)


def drive_webui(url: str, image: Path) -> None:
    """Ask A1111's interrogators and the tagger extension."""
    import webuiapi
    from PIL import Image

    port = url.rsplit(":", 1)
    api = webuiapi.WebUIApi(baseurl=f"{url}/sdapi/v1")
    name = f"webuiapi {version('webuiapi')} (port {port[-1]})"
    picture = Image.open(image).convert("RGB")
    clip = api.interrogate(picture)
    check(f"{name}: interrogate gives a caption and terms", is_prompt(clip.info) and clip.info.count(", ") >= 4, clip.info)
    tags = api.interrogate(picture, model="deepdanbooru")
    check(f"{name}: interrogate with deepdanbooru gives tags", isinstance(tags.info, str), tags.info)
    check(f"{name}: options, models and progress", "state" in api.get_progress() and api.get_sd_models() == [])
    tagged = webuiapi.TaggerInterface(api) if hasattr(webuiapi, "TaggerInterface") else None
    if tagged:
        check(f"{name}: the tagger's helper", bool(tagged.tagger_interrogate(picture).info))
    try:
        api.interrogate(picture, model="nonsense")
        check(f"{name}: an unknown model fails", False)
    except RuntimeError as error:
        check(f"{name}: an unknown model is 404", error.args[0] == 404 and "Model not found" in error.args[1], error.args)


def drive_replicate(url: str, image: Path) -> None:
    """Run the model by name and by version."""
    from replicate.client import Client
    from replicate.exceptions import ModelError, ReplicateError

    client = Client(api_token="none", base_url=url)
    name = f"replicate {version('replicate')}"
    for reference in ("pharmapsychotic/clip-interrogator", "pharmapsychotic/clip-interrogator:8151e1c9f47e696f"):
        with image.open("rb") as file:
            output = client.run(reference, input={"image": file, "mode": "fast"})
        check(f"{name}: run({reference!r}) with a file gives the prompt", is_prompt(output), output)
    with image.open("rb") as file:
        prediction = client.predictions.create(version="8151e1c9f47e696f", input={"image": file}, wait=False)
    prediction.wait()
    check(f"{name}: a prediction without waiting is finished", prediction.status == "succeeded", prediction.status)
    try:
        client.run("pharmapsychotic/clip-interrogator", input={"image": "https://example.com/picture.jpg"})
        check(f"{name}: an address fails", False)
    except ModelError as error:
        check(f"{name}: an address is a failed prediction with a text", "address" in str(error), str(error))
    try:
        client.run("pharmapsychotic/clip-interrogator", input={"image": "data:,", "mode": "slow"})
        check(f"{name}: an unknown mode fails", False)
    except ReplicateError as error:
        check(f"{name}: an unknown mode is 422 and named", error.status == 422 and "mode" in str(error.detail), str(error))


def main() -> None:
    """Drive every client against the address on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("url")
    parser.add_argument("image", type=Path)
    parser.add_argument("--without-queue", action="store_true")
    parser.add_argument("--only", choices=["gradio"], help="for environments with one client")
    options = parser.parse_args()
    url = options.url.rstrip("/")
    if options.without_queue:
        drive_gradio_without_queue(url, options.image)
    else:
        drive_gradio(url, options.image)
    if options.only is None:
        drive_gradio_by_hand(url, options.image)
        drive_webui(url, options.image)
        drive_replicate(url, options.image)


if __name__ == "__main__":
    main()
