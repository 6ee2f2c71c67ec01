#!/usr/bin/env python3
"""Takes traces by OTLP over gRPC on a loopback port and writes a line for each span.

    otlp-sink.py PORT FILE

A line is `namespace/service name status`, by the attributes of the resource and of the span.
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service


def attributes(keyed):
    values = {entry.key: entry.value for entry in keyed.attributes}
    return {key: value.string_value or value.int_value for key, value in values.items()}


class Sink(service.TraceServiceServicer):
    def __init__(self, path):
        self.file = open(path, "w", buffering=1)

    def Export(self, request, context):
        for group in request.resource_spans:
            who = attributes(group.resource)
            for span in (span for scope in group.scope_spans for span in scope.spans):
                status = attributes(span).get("http.response.status_code", "-")
                print(f"{who['service.namespace']}/{who['service.name']} {span.name} {status}", file=self.file)
        return messages.ExportTraceServiceResponse()


port, path = sys.argv[1:]
server = grpc.server(ThreadPoolExecutor(2))
service.add_TraceServiceServicer_to_server(Sink(path), server)
server.add_insecure_port(f"127.0.0.1:{port}")
server.start()
server.wait_for_termination()
