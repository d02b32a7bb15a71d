/* Fetching from a server whose certificate nobody vouches for: openssl's own. */
#include "feedfilter/fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetching.h"

static char directory[] = "/tmp/weir-tls-XXXXXX", key_path[64], certificate_path[64];
static pid_t openssl;
static unsigned port;

static _Noreturn void run_openssl(const char *const *arguments, int out)
{
    int null = open("/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(null, STDIN_FILENO);
    dup2(out < 0 ? null : out, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execvp("openssl", (char *const *)arguments);
    _exit(127);
}

static bool make_certificate(void)
{
    const char *const arguments[] = {
        "openssl",       "req",     "-x509",  "-newkey", "rsa:2048",       "-nodes", "-subj",
        "/CN=127.0.0.1", "-keyout", key_path, "-out",    certificate_path, NULL};
    int status;
    pid_t pid = fork();
    if (pid == 0)
        run_openssl(arguments, -1);
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* It says "ACCEPT 127.0.0.1:PORT" when it is ready. */
static int start_openssl(void **state)
{
    (void)state;
    int ends[2];
    char line[256];
    if (!mkdtemp(directory) || pipe(ends) != 0)
        return -1;
    snprintf(key_path, sizeof key_path, "%s/key.pem", directory);
    snprintf(certificate_path, sizeof certificate_path, "%s/certificate.pem", directory);
    const char *const arguments[] = {"openssl", "s_server", "-accept",        "127.0.0.1:0", "-key",
                                     key_path,  "-cert",    certificate_path, "-www",        NULL};
    if (!make_certificate())
        return -1;
    openssl = fork();
    if (openssl == 0)
        run_openssl(arguments, ends[1]);
    close(ends[1]);
    FILE *said = fdopen(ends[0], "r");
    while (!port && said && fgets(line, sizeof line, said))
        sscanf(line, "ACCEPT 127.0.0.1:%u", &port);
    if (said)
        fclose(said);
    return port ? 0 : -1;
}

static int stop_openssl(void **state)
{
    (void)state;
    kill(openssl, SIGKILL);
    waitpid(openssl, NULL, 0);
    unlink(key_path);
    unlink(certificate_path);
    return rmdir(directory);
}

static void test_a_certificate_that_nobody_signed_is_refused(void **state)
{
    (void)state;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", port);
    struct fetch_answer answer = fetching_url(url);
    assert_string_equal(answer.error.message, "127.0.0.1: its certificate is not to be trusted: "
                                              "self-signed certificate");
    assert_int_equal(answer.status, 0);
    fetch_answer_clear(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_certificate_that_nobody_signed_is_refused),
    };
    return cmocka_run_group_tests(tests, start_openssl, stop_openssl);
}
