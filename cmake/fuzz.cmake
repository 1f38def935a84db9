# Fuzz targets: each tests/fuzz/NAME_fuzz.cpp is a program of its own, over the pure libraries
# (parsers, record encodings, the backup reader). clang 14 does not compile Asio's coroutines, so
# nothing above them is built here.  cmake --preset fuzz && cmake --build build/fuzz && build/fuzz/bin/jid_fuzz

clarion_library(clarion_base SOURCES base/*.cpp
    LINK Boost::headers Threads::Threads PRIVATE fmt::fmt spdlog::spdlog)
clarion_library(clarion_proto SOURCES proto/*.cpp
    LINK clarion_base PRIVATE EXPAT::EXPAT OpenSSL::Crypto ICU::uc ICU::i18n ICU::data)
clarion_library(clarion_records SOURCES storage/record*.cpp storage/backup_format.cpp
    storage/module_data.cpp modules/blocking/blocklist.cpp
    modules/blocking/report_codec.cpp modules/caps/stored_text.cpp
    modules/mam/preferences.cpp modules/push/registration_codec.cpp modules/private_xml/document.cpp
    modules/vcard/vcard_codec.cpp modules/vcard/image_header.cpp modules/vcard/fields.cpp
    modules/vcard/field_kinds.cpp modules/last_activity/departure.cpp
    modules/registration/tombstone_codec.cpp modules/registration/invitations/invitation.cpp
    modules/pubsub/records.cpp
    modules/administration/standing_message.cpp modules/administration/address_list.cpp
    modules/bookmarks/records.cpp modules/muc/records.cpp modules/muc/activity.cpp
    modules/muc/passed_invitations.cpp modules/push/rooms/room_setting.cpp
    modules/http_upload/records.cpp
    LINK clarion_proto clarion_base)

clarion_library(clarion_http_requests SOURCES server/net/http/request_parser.cpp
    server/core/http/http_target.cpp server/core/http/http_message.cpp
    server/core/http/http_form.cpp server/core/http/html.cpp cmake/asio_src.cpp
    LINK clarion_proto clarion_base Boost::headers OpenSSL::SSL Threads::Threads)

file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/*_fuzz.cpp)
foreach(source IN LISTS fuzz_sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} ${source})
    clarion_link(${name} PRIVATE clarion_flags clarion_http_requests clarion_records clarion_proto
        clarion_base)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
