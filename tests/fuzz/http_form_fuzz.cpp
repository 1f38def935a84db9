// Forms and cookies of a browser, and text in a page: whatever bytes come, what is read of a form is
// written the same again, and nothing that is put into a page ends the element it is in.
#include <cstdlib>
#include <string>

#include "server/core/http/html.h"
#include "server/core/http/http_form.h"

using namespace clarion::core;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto form = HttpForm::parse(bytes)) {
        const auto again = HttpForm::parse(encode_query(form->fields()));
        if (!again || again->fields() != form->fields()) std::abort();
    }
    HttpRequest request;
    request.fields = {{"Cookie", std::string(bytes)}};
    if (cookie(request, "name").find(';') != std::string_view::npos) std::abort();
    const Html page = html("<p title=\"{}\">{}</p>", bytes, bytes);
    const std::string_view inside = std::string_view(page.text()).substr(10);
    if (inside.find('<') != inside.rfind("</p>") || inside.find('"') != inside.rfind("\">"))
        std::abort();
    return 0;
}
