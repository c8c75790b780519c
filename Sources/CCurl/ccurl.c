// SPDX-License-Identifier: Apache-2.0
#include "clinux.h"
#include <pthread.h>

// Hidden: the library must not find these functions in the place of its own.
#pragma GCC visibility push(hidden)
#include "ccurl.h"

// What of the library is used: result, name, parameters, arguments.
#define FUNCTIONS(F)                                                                                        \
    F(CURLcode, curl_global_init, (long flags), (flags))                                                    \
    F(CURL *, curl_easy_init, (void), ())                                                                   \
    F(void, curl_easy_cleanup, (CURL * handle), (handle))                                                   \
    F(void, curl_easy_reset, (CURL * handle), (handle))                                                     \
    F(CURLcode, curl_easy_perform, (CURL * handle), (handle))                                               \
    F(const char *, curl_easy_strerror, (CURLcode code), (code))                                            \
    F(struct curl_slist *, curl_slist_append, (struct curl_slist * list, const char *line), (list, line))   \
    F(void, curl_slist_free_all, (struct curl_slist * list), (list))

static struct {
#define MEMBER(result, name, parameters, arguments) result(*name) parameters;
    FUNCTIONS(MEMBER)
    CURLcode (*curl_easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*curl_easy_getinfo)(CURL *handle, CURLINFO info, ...);
} library;

static const char *const names[] = {
#define NAME(result, name, parameters, arguments) #name,
    FUNCTIONS(NAME) "curl_easy_setopt", "curl_easy_getinfo"
};
_Static_assert(sizeof names == sizeof library, "one name for each function");

static const char *missing;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    missing = clinux_load_library("libcurl.so.4", names, sizeof names / sizeof *names, &library);
}

const char *ccurl_load(void) {
    pthread_once(&once, load);
    return missing;
}

#define CALL(result, name, parameters, arguments) \
    result name parameters { return library.name arguments; }
FUNCTIONS(CALL)

CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return library.curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return library.curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value) {
    return library.curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return library.curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_data(CURL *handle, CURLoption option, size_t (*value)(char *, size_t, size_t, void *)) {
    return library.curl_easy_setopt(handle, option, value);
}

CURLcode ccurl_set_seek(CURL *handle, int (*value)(void *, curl_off_t, int)) {
    return library.curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

CURLcode ccurl_set_progress(CURL *handle,
                            int (*value)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t)) {
    return library.curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}

CURLcode ccurl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return library.curl_easy_getinfo(handle, info, value);
}
