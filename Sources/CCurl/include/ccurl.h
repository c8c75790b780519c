// SPDX-License-Identifier: Apache-2.0
// libcurl, loaded when the first request needs it: the 30 libraries that it brings would cost every command
// nine milliseconds at its start. Its setters take variable arguments, which Swift cannot pass: one wrapper
// for each type of value.
#pragma once
#include <curl/curl.h>

// The setters are macros that check types for C; these names reach the functions.
#undef curl_easy_setopt
#undef curl_easy_getinfo

/// Loads the library, once; to be called before anything else of it. Any thread.
/// Returns NULL, or what is missing.
const char *ccurl_load(void);

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value);
CURLcode ccurl_set_offset(CURL *handle, CURLoption option, curl_off_t value);
CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value);
CURLcode ccurl_set_data(CURL *handle, CURLoption option, size_t (*value)(char *, size_t, size_t, void *));
CURLcode ccurl_set_seek(CURL *handle, int (*value)(void *, curl_off_t, int));
CURLcode ccurl_set_progress(CURL *handle,
                            int (*value)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t));
CURLcode ccurl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value);
