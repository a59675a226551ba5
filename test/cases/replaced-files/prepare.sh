for number in $(seq 30); do echo "RUN echo $number >/number-$number"; done >>look/Dockerfile
