/* serve: weir-feedfilter as an HTTP server, from its start to its orderly end. */
#ifndef WEIR_SERVE_H
#define WEIR_SERVE_H

/* SIGHUP reads the configuration again, SIGTERM and SIGINT stop. The exit status (sysexits.h). */
int serve_run(const char *config_path);

#endif
