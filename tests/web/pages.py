"""A browser without a screen: keeps cookies, follows redirects, fills in forms that are on a page."""
from html.parser import HTMLParser
from urllib.parse import urlencode


class Form:
    def __init__(self, attributes):
        self.action, self.method = attributes.get("action"), attributes.get("method", "get")
        self.fields, self.buttons = {}, []

    def has(self, **fields):
        return all(self.fields.get(name) == value for name, value in fields.items())


class Page(HTMLParser):
    """What was answered; `forms` in their order, `texts` of what a person reads."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.status, self.source = answer, answer.status, answer.text
        self.forms, self.texts, self.links, self.tags = [], [], [], []
        self._select = None
        self.feed(answer.text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append(Form(attributes))
        elif tag == "input" and attributes.get("name"):
            self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "select":
            self._select = attributes["name"]
        elif tag == "option" and (self._select not in self.forms[-1].fields or "selected" in attributes):
            self.forms[-1].fields[self._select] = attributes["value"]
        elif tag == "a":
            self.links.append(attributes.get("href"))

    def handle_data(self, data):
        if data.strip():
            self.texts.append(data.strip())

    @property
    def text(self):
        return " ".join(self.texts)

    def form(self, **fields):
        """The first that has these fields with these values."""
        return next(form for form in self.forms if form.has(**fields))


class Browser:
    """`headers` go with every request. `encrypted`: by https."""

    def __init__(self, server, host="example.test", encrypted=True):
        self.server, self.host, self.encrypted = server, host, encrypted
        self.cookies, self.set_cookies = {}, []
        self.headers = {}

    def ask(self, method, path, body=None, headers=None):
        """The answer itself: redirects are not followed."""
        fields = {**self.headers, **(headers or {})}
        if self.cookies:
            fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body is not None and "Content-Type" not in fields:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.server.get(path, self.host, method, fields, self.encrypted, body)
        for value in answer.headers.get_all("Set-Cookie") or []:
            self.set_cookies.append(value)
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.split(";")[0]
            if "Max-Age=0" in value:
                del self.cookies[name]
        return answer

    def get(self, path):
        return self._page(self.ask("GET", path))

    def post(self, path, headers=None, **fields):
        return self._page(self.ask("POST", path, urlencode(fields), headers))

    def send(self, form, headers=None, **changes):
        return self.post(form.action, headers, **{**form.fields, **changes})

    def sign_in(self, area, address, password):
        return self.send(self.get(area).form(), address=address, password=password)

    def _page(self, answer):
        for _ in range(5):
            if answer.status not in (301, 302, 303):
                break
            answer = self.ask("GET", answer.getheader("Location"))
        return Page(answer)
