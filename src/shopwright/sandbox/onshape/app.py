"""The REST interface v10 with its rules, the host with the files, and ``/sandbox`` to disturb."""

import base64
import io
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import (
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from shopwright.sandbox.onshape.faults import PAGE, Fault, answer_of
from shopwright.sandbox.onshape.oauth import OAuth
from shopwright.sandbox.onshape.world import PATHS, Element, Refused, Translation, World

GIANT_CHUNK = b"\x00" * 1_000_000
GIANT_CHUNKS = 100_000
AT = "/d/{did}/{place}/{place_id}"

Endpoint = Callable[[Request, Fault | None], Awaitable[Response]]


class Api:
    """Each method is an endpoint; ``guarded`` puts the rules of every call before it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.files_url = ""  # known once the other server listens

    def guarded(self, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            world = self._world
            world.log.append(f"{request.method} {request.url.path.removeprefix('/api/v10')}")
            try:
                self._check_access(request)
                world.check_quota()
                fault = world.faults.take(request)
                response = (answer_of(fault) if fault else None) or await endpoint(request, fault)
            except Refused as refused:
                body = {"message": refused.message, "status": refused.status}
                return JSONResponse(body, refused.status)
            if response.status_code < 400:  # noqa: PLR2004  what counts
                world.calls += 1
            response.headers.setdefault("x-rate-limit-remaining", "1000")
            return response

        return answer

    async def session(self, request: Request, fault: Fault | None) -> Response:  # noqa: ARG002
        config = self._world.config
        return JSONResponse({"id": "1", "name": config.name, "email": "maker@shop.test"})

    async def document(self, request: Request, fault: Fault | None) -> Response:  # noqa: ARG002
        found = self._world.find_document(request.path_params["did"])
        workspace = {"id": found.workspace, "name": "Main"}
        return JSONResponse({"id": found.id, "name": found.name, "defaultWorkspace": workspace})

    async def microversion(self, request: Request, fault: Fault | None) -> Response:  # noqa: ARG002
        found = self._world.find_document(request.path_params["did"])
        if not found.has("w", request.path_params["wid"]):
            raise Refused(404, "Not found")
        return JSONResponse({"microversion": found.microversion})

    async def elements(self, request: Request, fault: Fault | None) -> Response:  # noqa: ARG002
        named = request.path_params
        found = self._world.find_document(named["did"])
        if not found.has(named["place"], named["place_id"]):
            raise Refused(404, "Not found")
        return JSONResponse([_tab(one) for one in found.elements.values()])

    async def translate(self, request: Request, fault: Fault | None) -> Response:  # noqa: ARG002
        """Of a workspace or a version; a microversion is not translated."""
        named = request.path_params
        if named["place"] not in {"w", "v"}:
            raise Refused(404, "Not found")
        element = self._element(request)
        if PATHS.get(named["kind"]) != element.type:
            raise Refused(400, "The element is of another type")
        body = await _body(request)
        if body.get("storeInDocument") is not False:
            raise Refused(400, "The sandbox stores nothing in documents")
        made = self._world.translate(element, str(body.get("formatName", "")))
        return JSONResponse(_translation(made))

    async def poll(self, request: Request, fault: Fault | None) -> Response:  # noqa: ARG002
        return JSONResponse(_translation(self._world.poll(request.path_params["tid"])))

    async def external(self, request: Request, fault: Fault | None) -> Response:
        """A 307 to the host with the files."""
        name = request.path_params["fid"]
        if name not in self._world.files:
            raise Refused(404, "Not found")
        return self._sent_elsewhere(name, fault)

    async def gltf(self, request: Request, fault: Fault | None) -> Response:
        if "model/gltf-binary" not in request.headers.get("accept", ""):
            raise Refused(406, "Not acceptable")
        content = self._element(request).export("GLTF")
        return self._sent_elsewhere(self._world.keep(content or b""), fault)

    async def blob(self, request: Request, fault: Fault | None) -> Response:  # noqa: ARG002
        element = self._element(request)
        if element.type != "BLOB":
            raise Refused(400, "The element is no file")
        return Response(element.content, media_type="application/octet-stream")

    async def file(self, request: Request) -> Response:
        """On the other host, which is nobody's to show access to."""
        if "authorization" in request.headers:
            self._world.leaks.append(request.headers["authorization"])
            return Response(status_code=400)
        content = self._world.files.get(request.path_params["fid"])
        wish = request.query_params.get("as", "")
        if content is None:
            return Response(status_code=404)
        if wish == "giant":
            return StreamingResponse(_giant(), media_type="application/octet-stream")
        if wish == "web_page_file":
            return Response(PAGE, media_type="text/html")
        if self._world.is_archived:
            content = _archive(content, self._world.is_archived)
        return Response(content, media_type="application/octet-stream")

    def _sent_elsewhere(self, name: str, fault: Fault | None) -> Response:
        if fault is not None and fault.kind == "to_private":
            return RedirectResponse("http://169.254.169.254/latest/meta-data", 307)
        wish = f"?as={fault.kind}" if fault is not None else ""
        return RedirectResponse(f"{self.files_url}/files/{name}{wish}", 307)

    def _element(self, request: Request) -> Element:
        named = request.path_params
        return self._world.find_element(
            named["did"], named["place"], named["place_id"], named["eid"]
        )

    def _check_access(self, request: Request) -> None:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        world = self._world
        if scheme == "Bearer" and world.access.get(shown, 0) > world.clock.now():
            return
        pair = f"{world.config.access_key}:{world.config.secret_key}"
        if scheme == "Basic" and shown == base64.b64encode(pair.encode()).decode():
            return
        raise Refused(401, "Unauthenticated API request")


def make_app(world: World, api: Api) -> Starlette:
    api_routes: list[tuple[str, str, Endpoint]] = [
        ("GET", "/users/sessioninfo", api.session),
        ("GET", "/documents/{did}", api.document),
        ("GET", "/documents/d/{did}/w/{wid}/currentmicroversion", api.microversion),
        ("GET", "/documents/d/{did}/externaldata/{fid}", api.external),
        ("GET", f"/documents{AT}/elements", api.elements),
        ("GET", "/translations/{tid}", api.poll),
        ("GET", f"/blobelements{AT}/e/{{eid}}", api.blob),
        ("POST", f"/{{kind}}{AT}/e/{{eid}}/translations", api.translate),
        ("GET", f"/{{kind}}{AT}/e/{{eid}}/gltf", api.gltf),
    ]
    routes = [
        Route(f"/api/v10{path}", api.guarded(endpoint), methods=[method])
        for method, path, endpoint in api_routes
    ]
    return Starlette(routes=[*routes, *OAuth(world).routes(), *_Controls(world).routes()])


def make_files_app(api: Api) -> Starlette:
    return Starlette(routes=[Route("/files/{fid}", api.file)])


class _Controls:
    """For people and tests in other processes."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/state", self.state),
            Route("/sandbox/faults", self.add_fault, methods=["POST"]),
            Route("/sandbox/documents/{did}/edit", self.edit, methods=["POST"]),
            Route("/sandbox/knobs", self.turn, methods=["POST"]),
            Route("/sandbox/revoke", self.revoke, methods=["POST"]),
        ]

    async def state(self, _: Request) -> Response:
        world = self._world
        return JSONResponse(
            {
                "calls": world.calls,
                "log": world.log,
                "leaks": len(world.leaks),
                "translations": len(world.translations),
                "documents": [
                    {"id": one.id, "name": one.name, "workspace": one.workspace,
                     "elements": [_tab(element) for element in one.elements.values()]}
                    for one in world.documents.values()
                ],
            }
        )  # fmt: skip

    async def add_fault(self, request: Request) -> Response:
        try:
            self._world.faults.add(Fault(**await _body(request)))
        except (TypeError, ValueError) as err:
            return JSONResponse({"message": str(err)}, 400)
        return JSONResponse({}, 201)

    async def edit(self, request: Request) -> Response:
        if request.path_params["did"] not in self._world.documents:
            return JSONResponse({"message": "Not found"}, 404)
        self._world.edit(request.path_params["did"])
        return JSONResponse({})

    async def turn(self, request: Request) -> Response:
        """``failure`` (a reason), ``is_endless``, ``is_archived`` (files)."""
        body = await _body(request)
        for name in ("failure", "is_endless", "is_archived"):
            if name in body:
                setattr(self._world, name, body[name])
        return JSONResponse({})

    async def revoke(self, _: Request) -> Response:
        self._world.revoke()
        return JSONResponse({})


def _tab(element: Element) -> dict[str, Any]:
    data_type = "onshape-app/drawing" if element.type == "APPLICATION" else ""
    return {"id": element.id, "name": element.name, "elementType": element.type,
            "dataType": data_type}  # fmt: skip


def _translation(made: Translation) -> dict[str, Any]:
    is_done = made.state == "DONE"
    return {
        "id": made.id,
        "requestState": made.state,
        "failureReason": made.failure if made.state == "FAILED" else None,
        "documentId": made.element.document,
        "resultDocumentId": made.element.document,
        "requestElementId": made.element.id,
        "resultElementIds": None,
        "resultExternalDataIds": made.files if is_done else None,
        "name": made.element.name,
    }


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as err:
        raise Refused(400, "Not JSON") from err
    if not isinstance(body, dict):
        raise Refused(400, "Not an object")
    return body


async def _giant() -> AsyncIterator[bytes]:
    for _ in range(GIANT_CHUNKS):
        yield GIANT_CHUNK


def _archive(content: bytes, files: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1, files + 1):
            archive.writestr(f"Part {number}.step", content)
    return target.getvalue()
