/*
 * gRPC over a Unix socket: server and client, for peer.c. Usage: grpc SOCKET CPU, with a packet socket as
 * standard input and output; each packet in is a number of calls, each packet out what one of them took, in
 * nanoseconds, or why it failed.
 */
#include <grpcpp/grpcpp.h>

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "add.grpc.pb.h"

namespace {

class Calc final : public bench::Calc::Service {
	grpc::Status Add(grpc::ServerContext *, const bench::Numbers *numbers, bench::Sum *sum) override
	{
		sum->set_sum(numbers->a() + numbers->b());
		return grpc::Status::OK;
	}
};

[[noreturn]] void serve(const std::string &address)
{
	Calc calc;
	grpc::ServerBuilder builder;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	builder.AddListeningPort(address, grpc::InsecureServerCredentials());
	builder.RegisterService(&calc);
	builder.BuildAndStart()->Wait();
	_exit(0);
}

std::string call(bench::Calc::Stub &stub, long n)
{
	bench::Numbers numbers;
	bench::Sum sum;

	numbers.set_a(1);
	numbers.set_b(2);
	auto from = std::chrono::steady_clock::now();
	for (long i = 0; i < n; i++) {
		grpc::ClientContext context;

		context.set_wait_for_ready(true);
		grpc::Status status = stub.Add(&context, numbers, &sum);
		if (!status.ok() || sum.sum() != 3)
			return "failed: " + status.error_message();
	}
	std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - from;
	return std::to_string(took.count() / static_cast<double>(n));
}

} // namespace

int main(int argc, char **argv)
{
	char order[32];
	cpu_set_t set;

	if (argc != 3)
		return 2;
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[2]), &set);
	sched_setaffinity(0, sizeof(set), &set);
	std::string address = std::string("unix:") + argv[1];
	if (fork() == 0)	/* before gRPC has threads */
		serve(address);
	auto stub = bench::Calc::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
	for (ssize_t got; (got = read(0, order, sizeof(order) - 1)) > 0;) {
		order[got] = 0;
		std::string answer = call(*stub, atol(order));

		if (write(1, answer.data(), answer.size()) < 0)
			break;
	}
	return 0;
}
