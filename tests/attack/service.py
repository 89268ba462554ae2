"""A service beside the kernel under attack: it holds a secret, dies and fails when it is asked to, and tries
what it is told to try.
"""

from fourhands_kernels.kernel import Service

PORT = 18080
PROGRAM = """
import json, os, socket
SECRET = "canary-0123456789abcdef"
def reached(family, address):
    try:
        with socket.socket(family) as link:
            link.settimeout(1)
            link.connect(address)
            return True
    except OSError:
        return False
def app(environ, start_response):
    path, size = environ["PATH_INFO"], int(environ["CONTENT_LENGTH"] or 0)
    start_response("200 OK", [])
    if path == "/die":
        os._exit(1)
    if path == "/fail":
        raise LookupError(SECRET)
    if path == "/reach":
        places = json.loads(environ["wsgi.input"].read())
        found = [place for place in places if reached(socket.AF_INET, tuple(place))]
        found += [word for word in os.listdir("/proc") if word.isdigit() and int(word) > 9]
        return [json.dumps(found).encode()]
    return [b"hello"]
"""
SERVICES = (Service(PORT, PROGRAM),)
# Stands before a snippet: what the service answers, with its status.
ASKS = f"""
import urllib.error, urllib.request
PORT = {PORT}
def ask(path, data=None):
    try:
        return 200, urllib.request.urlopen(f"http://127.0.0.1:{{PORT}}{{path}}", data, timeout=10).read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, repr(error).encode()
def answers():
    if ask("/") != (200, b"hello"):
        found.append(("the service", ask("/")))
"""
