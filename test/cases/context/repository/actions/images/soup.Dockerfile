FROM busybox:1.36
COPY . /context
ENTRYPOINT ["sh", "-c", "echo here: $(ls -A /context)"]
